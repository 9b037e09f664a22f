//! sACN.
