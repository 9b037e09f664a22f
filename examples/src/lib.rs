//! rship
