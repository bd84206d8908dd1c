//! Noticing that a source file has changed.

mod filter;
mod snapshot;

use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::exit::Exit;
use crate::report::{Report, shown};
use filter::{is_directory_of_interest, is_file_of_interest};
use snapshot::Snapshot;

/// Watches directories for changed Python files. What a running application writes beside them (compiled files,
/// caches, logs, data), and files that are written again with the same content, are no changes.
pub(crate) struct Watcher {
    directories: Vec<PathBuf>,
    written: UnboundedReceiver<PathBuf>,
    snapshot: Snapshot,
}

impl Watcher {
    /// Begins to watch.
    pub(crate) fn start(directories: &[PathBuf]) -> Result<Self, Report> {
        let directories: Vec<PathBuf> = directories
            .iter()
            .map(|directory| {
                directory
                    .canonicalize()
                    .map_err(|error| unwatchable(directory, &error))
            })
            .collect::<Result<_, _>>()?;
        let (raw_sender, raw) = mpsc::channel();
        let watcher = notify::recommended_watcher(raw_sender).map_err(|error| failed(&error))?;
        let (sender, written) = unbounded_channel();
        let mut snapshot = Snapshot::default();
        let mut task = Task { watcher, sender };
        for directory in &directories {
            for file in task.watch_tree(directory).map_err(|error| failed(&error))? {
                snapshot.remember(&file);
            }
        }
        std::thread::Builder::new()
            .name("reload-watch".into())
            .spawn(move || task.run(&raw))
            .map_err(|error| failed(&notify::Error::io(error)))?;
        Ok(Self {
            directories,
            written,
            snapshot,
        })
    }

    /// Waits for the next file that was written, moved or removed. Whether it changed is not known before the writing
    /// is over: a file that is written again is empty in between.
    pub(crate) async fn written(&mut self) -> Option<PathBuf> {
        self.written.recv().await
    }

    /// Whether the file has another content than when it was last asked for.
    pub(crate) fn has_changed(&mut self, path: &Path) -> bool {
        self.snapshot.has_changed(path)
    }

    /// Takes the next writing of the file for a change, whatever it writes.
    pub(crate) fn forget(&mut self, path: &Path) {
        self.snapshot.forget(path);
    }

    /// What is watched.
    pub(crate) fn describe(&self) -> String {
        self.directories
            .iter()
            .map(|directory| shown(directory))
            .collect::<Vec<_>>()
            .join(", ")
    }
}

fn unwatchable(directory: &Path, error: &io::Error) -> Report {
    Report::new(
        Exit::Usage,
        format!("cannot watch {} for changes", directory.display()),
    )
    .cause(error.to_string())
}

fn failed(error: &notify::Error) -> Report {
    let report = Report::new(Exit::Runtime, "cannot watch files for changes").cause(error.to_string());
    match error.kind {
        notify::ErrorKind::MaxFilesWatch => report
            .hint("raise the limit: sysctl fs.inotify.max_user_watches=524288, or watch less with --watch"),
        _ => report,
    }
}

struct Task {
    watcher: RecommendedWatcher,
    sender: UnboundedSender<PathBuf>,
}

impl Task {
    /// Watches each directory by itself, as a recursive watch would take in environments and version control too.
    /// Returns the files that are there already.
    fn watch_tree(&mut self, directory: &Path) -> notify::Result<Vec<PathBuf>> {
        self.watcher.watch(directory, RecursiveMode::NonRecursive)?;
        let mut files = Vec::new();
        for entry in std::fs::read_dir(directory)?.flatten() {
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                if is_directory_of_interest(&path) {
                    files.append(&mut self.watch_tree(&path)?);
                }
            } else if is_file_of_interest(&path) {
                files.push(path);
            }
        }
        Ok(files)
    }

    fn run(mut self, events: &mpsc::Receiver<notify::Result<Event>>) {
        while let Ok(event) = events.recv() {
            match event {
                Ok(event) => {
                    if self.on_event(&event).is_break() {
                        return;
                    }
                }
                Err(error) => tracing::warn!("watching files for changes: {error}"),
            }
        }
    }

    fn on_event(&mut self, event: &Event) -> ControlFlow<()> {
        // Reading a file is an event as well.
        if matches!(event.kind, EventKind::Access(_)) {
            return ControlFlow::Continue(());
        }
        for path in &event.paths {
            if path.is_dir() {
                self.on_directory(path)?;
            } else if is_file_of_interest(path) {
                self.on_file(path)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Files may have been put into a new directory before it was watched.
    fn on_directory(&mut self, path: &Path) -> ControlFlow<()> {
        if !is_directory_of_interest(path) {
            return ControlFlow::Continue(());
        }
        match self.watch_tree(path) {
            Ok(files) => files.iter().try_for_each(|file| self.on_file(file)),
            // It may be gone again before it can be watched, as temporary directories are.
            Err(error) => {
                tracing::debug!("{} is not watched: {error}", path.display());
                ControlFlow::Continue(())
            }
        }
    }

    /// Reports a file; breaks once nobody listens any more.
    fn on_file(&self, path: &Path) -> ControlFlow<()> {
        match self.sender.send(path.to_owned()) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }
}
