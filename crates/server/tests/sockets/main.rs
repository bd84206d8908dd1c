//! The server over real sockets.

#[cfg(test)]
mod http1;
#[cfg(test)]
mod http2;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod shutdown;
#[cfg(test)]
mod siblings;
#[cfg(test)]
mod static_files;
#[cfg(test)]
mod support;
#[cfg(test)]
mod websocket;
