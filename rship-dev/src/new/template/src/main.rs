//! Runs the device until Ctrl-C.

use rship_runtime::prelude::*;

use new_device::{Device, ID, run};

#[tokio::main]
async fn main() -> Result<(), rship_runtime::Error> {
    let executor = Executor::from_env(ID)?;
    let device = executor.add(ID, Device::default())?;
    tokio::spawn(run(device));
    executor.run().await
}
