//! Serving the router on a listener.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use vigiles_runtime::Platform;

use crate::settings::Settings;

/// Serves until `stop` is ready, then finishes the requests under way; event streams end by
/// [`Settings::stopping`], which the caller sets together with `stop`.
pub async fn serve(
    listener: TcpListener,
    platform: Arc<Platform>,
    settings: Settings,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = crate::router(platform, settings);
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).with_graceful_shutdown(stop).await
}
