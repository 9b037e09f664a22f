//! Types that are targets because one stands in them: boxes, and locks that others hold as well.

use std::sync::{Arc, Mutex, RwLock};

use crate::model::{ModelBuilder, Unreached};
use crate::target::Target;

#[diagnostic::do_not_recommend]
impl<T: Target> Target for Box<T> {
    fn describe(model: &mut ModelBuilder<Self>) {
        model.stands_in::<T>(|place| place, |place| place);
    }
}

#[diagnostic::do_not_recommend]
impl<T: Target> Target for Arc<Mutex<T>> {
    fn describe(model: &mut ModelBuilder<Self>) {
        model.behind::<T>(|place, work| {
            let mut held = place.lock().map_err(|_| Unreached::poisoned())?;
            work(&mut held);
            Ok(())
        });
    }
}

#[diagnostic::do_not_recommend]
impl<T: Target + Sync> Target for Arc<RwLock<T>> {
    fn describe(model: &mut ModelBuilder<Self>) {
        model.behind::<T>(|place, work| {
            let mut held = place.write().map_err(|_| Unreached::poisoned())?;
            work(&mut held);
            Ok(())
        });
    }
}
