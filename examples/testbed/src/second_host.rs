//! The same router on a route of the application's own, over `actix-ws`.

use actix_web::{HttpRequest, HttpResponse, Resource, rt, web};
use wamp_actix::Router;

struct Settings {
    router: Router,
    goodbye: bool,
}

pub(crate) fn route(path: &str, router: &Router, goodbye: bool) -> Resource {
    let settings = web::Data::new(Settings { router: router.clone(), goodbye });
    web::resource(path).app_data(settings).to(connect)
}

async fn connect(
    request: HttpRequest,
    body: web::Payload,
    settings: web::Data<Settings>,
) -> actix_web::Result<HttpResponse> {
    let Settings { router, goodbye } = &**settings;
    let accepted = router.accept(&request)?.goodbye_at_shutdown(*goodbye);
    let (response, session, messages) =
        actix_ws::handle_with_protocols(&request, body, &[accepted.subprotocol()])?;
    rt::spawn(router.serve(accepted, session, messages));
    Ok(response)
}
