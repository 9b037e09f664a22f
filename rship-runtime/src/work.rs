//! Work for a runtime, all of one type: a compiler makes what drives a task once for each type of future and
//! each kind of runtime, seven kilobytes a time.

use std::future::Future;
use std::pin::Pin;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// A future that somebody else drives.
pub(crate) type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Has a runtime drive a future.
pub(crate) fn spawn(
    runtime: &Handle,
    future: impl Future<Output = ()> + Send + 'static,
) -> JoinHandle<()> {
    drive(runtime, Box::pin(future))
}

fn drive(runtime: &Handle, work: Work) -> JoinHandle<()> {
    runtime.spawn(work)
}
