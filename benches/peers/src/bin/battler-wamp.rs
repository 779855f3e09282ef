//! The router of battler-wamp: `realm1` for anonymous clients, of whom one is the callee.

use battler_wamp::router::{
    EmptyConnectionPolicies, EmptyPubSubPolicies, EmptyRpcPolicies, RealmAuthenticationConfig,
    RealmConfig, RouterConfig, RouterLimitsConfig, new_web_socket_router,
};
use battler_wamp_uri::Uri;

fn main() -> peers::Result {
    peers::serve(async |port| {
        let realm = RealmConfig {
            name: "realm1".to_owned(),
            uri: Uri::try_from("realm1")?,
            authentication: RealmAuthenticationConfig::default(),
        };
        // Its default is ten messages a second. It has no setting for `TCP_NODELAY`.
        let limits =
            RouterLimitsConfig { rate_limit_burst: 0, idle_timeout: None, ..Default::default() };
        let router = new_web_socket_router(
            RouterConfig { port, realms: vec![realm], limits, ..Default::default() },
            Box::new(EmptyConnectionPolicies),
            Box::new(EmptyPubSubPolicies),
            Box::new(EmptyRpcPolicies),
        )?;
        let (router, running) = router.start().await?;
        peers::announce(router.local_addr(), "/");
        Ok(running.await?)
    })
}
