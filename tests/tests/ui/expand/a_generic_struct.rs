#[derive(Target)]
#[target(actions)]
struct Dimmer<V: Serialize + JsonSchema + Send + 'static, const N: usize = 2>
where
    [V; N]: Send,
{
    #[emitter]
    #[action]
    level: V,
}

#[actions]
impl<V: Serialize + JsonSchema + Send + Clone + 'static, const N: usize> Dimmer<V, N>
where
    [V; N]: Send,
{
    #[action]
    fn level(&self) -> V {
        self.level.clone()
    }
}
