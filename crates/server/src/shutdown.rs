//! How a stop is asked for: first gracefully, then by force.

use tokio::sync::watch;

/// How far a stop has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ShutdownPhase {
    /// No stop was asked for.
    Running,
    /// No new connections; requests in flight may finish.
    Graceful,
    /// Everything ends now.
    Forced,
}

/// Asks for a stop. Clones speak for the same server; dropping all of them changes nothing.
#[derive(Debug, Clone)]
pub struct ShutdownController {
    sender: std::sync::Arc<watch::Sender<ShutdownPhase>>,
}

/// Tells whether a stop was asked for.
#[derive(Debug, Clone)]
pub struct ShutdownSignal {
    receiver: watch::Receiver<ShutdownPhase>,
    // Keeps the channel open, so that waiting never ends merely because the controller is gone.
    _sender: std::sync::Arc<watch::Sender<ShutdownPhase>>,
}

impl ShutdownController {
    /// A controller in the running phase.
    pub fn new() -> Self {
        Self {
            sender: std::sync::Arc::new(watch::channel(ShutdownPhase::Running).0),
        }
    }

    /// A signal that follows this controller.
    pub fn signal(&self) -> ShutdownSignal {
        ShutdownSignal {
            receiver: self.sender.subscribe(),
            _sender: std::sync::Arc::clone(&self.sender),
        }
    }

    /// Asks for a graceful stop; does nothing if one is under way.
    pub fn graceful(&self) {
        self.advance(ShutdownPhase::Graceful);
    }

    /// Ends everything at once.
    pub fn force(&self) {
        self.advance(ShutdownPhase::Forced);
    }

    fn advance(&self, phase: ShutdownPhase) {
        self.sender.send_if_modified(|present| {
            let further = phase > *present;
            if further {
                *present = phase;
            }
            further
        });
    }
}

impl Default for ShutdownController {
    fn default() -> Self {
        Self::new()
    }
}

impl ShutdownSignal {
    /// The present phase.
    pub fn phase(&self) -> ShutdownPhase {
        *self.receiver.borrow()
    }

    /// Completes once `phase` or a later one was asked for.
    pub async fn reached(&mut self, phase: ShutdownPhase) {
        // The sender lives as long as `self`, so this cannot fail.
        drop(self.receiver.wait_for(|present| *present >= phase).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn phases_only_go_forward() {
        let controller = ShutdownController::new();
        let mut signal = controller.signal();
        assert_eq!(signal.phase(), ShutdownPhase::Running);
        controller.force();
        controller.graceful();
        signal.reached(ShutdownPhase::Graceful).await;
        assert_eq!(signal.phase(), ShutdownPhase::Forced);
    }
}
