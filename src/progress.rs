//! How far a training is: one line on stderr, drawn over itself.
//!
//! Nothing of it enters a result.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::neural::EpochLog;

/// Time after which a training is long enough to be reported.
const PATIENCE: Duration = Duration::from_secs(2);
/// Time between two drawings.
const INTERVAL: Duration = Duration::from_millis(100);
/// Characters of a line at most: a terminal would wrap a longer one, and a wrapped one cannot be drawn over.
const WIDTH: usize = 79;

/// All trainings of a process share its stderr.
static STDERR: LazyLock<Arc<Mutex<Screen>>> =
    LazyLock::new(|| Arc::new(Mutex::new(Screen::new(Box::new(io::stderr()), INTERVAL))));

/// Reports how far one training is.
pub struct Progress {
    screen: Option<Arc<Mutex<Screen>>>,
    started: Instant,
    delay: Duration,
}

impl Progress {
    /// Reports nothing.
    pub fn silent() -> Self {
        Self::new(None, Duration::ZERO)
    }

    /// Reports on stderr: at once if wanted; if not said, after two seconds, and on a terminal alone.
    pub fn stderr(wanted: Option<bool>) -> Self {
        let shown = wanted.unwrap_or_else(|| io::stderr().is_terminal());
        let delay = if wanted == Some(true) { Duration::ZERO } else { PATIENCE };
        Self::new(shown.then(|| STDERR.clone()), delay)
    }

    fn new(screen: Option<Arc<Mutex<Screen>>>, delay: Duration) -> Self {
        Self {
            screen,
            started: Instant::now(),
            delay,
        }
    }

    /// What is done now, where nothing tells how far it is.
    pub fn stage(&self, label: &str) {
        self.draw(|screen| screen.stage(label));
    }

    /// Begin to train a network for at most `epochs` epochs.
    pub fn task(&self, label: impl Into<String>, epochs: usize) -> Task<'_> {
        Task {
            progress: self,
            number: self.with_screen(Screen::enter).unwrap_or_default(),
            label: label.into(),
            epochs,
            started: Instant::now(),
        }
    }

    fn draw(&self, draw: impl FnOnce(&mut Screen)) {
        if self.started.elapsed() >= self.delay {
            self.with_screen(draw);
        }
    }

    fn with_screen<T>(&self, act: impl FnOnce(&mut Screen) -> T) -> Option<T> {
        let screen = self.screen.as_ref()?;
        Some(act(&mut screen.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.with_screen(|screen| {
            if screen.tasks.is_empty() {
                screen.clear();
            }
        });
    }
}

/// A network in training; its line is taken away when it is dropped.
pub struct Task<'p> {
    progress: &'p Progress,
    number: u64,
    label: String,
    epochs: usize,
    started: Instant,
}

impl Task<'_> {
    /// Report an epoch.
    pub fn epoch(&self, log: &EpochLog) {
        let text = || line(&self.label, self.epochs, log, self.started.elapsed());
        self.progress.draw(|screen| screen.epoch(self.number, text));
    }
}

impl Drop for Task<'_> {
    fn drop(&mut self) {
        self.progress.with_screen(|screen| screen.leave(self.number));
    }
}

/// The text of an epoch.
fn line(label: &str, epochs: usize, log: &EpochLog, elapsed: Duration) -> String {
    let held_out = log
        .validation_loss
        .map(|loss| format!(", validation {loss:.3}"))
        .unwrap_or_default();
    let per_epoch = elapsed.as_secs_f64() / log.epoch.max(1) as f64;
    let seconds = per_epoch * epochs.saturating_sub(log.epoch) as f64;
    let left = match seconds {
        s if s < 100.0 => format!("{s:.0} s"),
        s => format!("{:.0} min", s / 60.0),
    };
    let (epoch, loss) = (log.epoch, log.train_loss);
    format!("{label}: epoch {epoch} of {epochs}, loss {loss:.3}{held_out}, {left} left")
}

/// The one line that all trainings write to. Of tasks that run at the same time the oldest has it.
struct Screen {
    out: Box<dyn Write + Send>,
    interval: Duration,
    /// Numbers of the tasks under way, oldest first.
    tasks: Vec<u64>,
    next: u64,
    /// Characters on the line now.
    width: usize,
    drawn: Option<Instant>,
}

impl Screen {
    fn new(out: Box<dyn Write + Send>, interval: Duration) -> Self {
        Self {
            out,
            interval,
            tasks: Vec::new(),
            next: 1,
            width: 0,
            drawn: None,
        }
    }

    fn enter(&mut self) -> u64 {
        self.tasks.push(self.next);
        self.next += 1;
        self.next - 1
    }

    fn leave(&mut self, task: u64) {
        if self.tasks.first() == Some(&task) {
            self.clear();
        }
        self.tasks.retain(|t| *t != task);
    }

    fn stage(&mut self, text: &str) {
        if self.tasks.is_empty() {
            self.draw(text);
        }
    }

    fn epoch(&mut self, task: u64, text: impl FnOnce() -> String) {
        let due = self.drawn.is_none_or(|drawn| drawn.elapsed() >= self.interval);
        if due && self.tasks.first() == Some(&task) {
            self.draw(&text());
        }
    }

    fn draw(&mut self, text: &str) {
        let text: String = text.chars().take(WIDTH).collect();
        let width = text.chars().count();
        // Blanks take away the rest of a longer line. A training does not fail because nobody can be told of it.
        let _ = write!(self.out, "\r{text}{:1$}", "", self.width.saturating_sub(width));
        let _ = self.out.flush();
        self.width = width;
        self.drawn = Some(Instant::now());
    }

    fn clear(&mut self) {
        if self.width > 0 {
            let _ = write!(self.out, "\r{:1$}\r", "", self.width);
            let _ = self.out.flush();
        }
        self.width = 0;
        self.drawn = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Written {
        /// Two progresses on one screen, and what they write.
        fn shared(interval: Duration, delay: Duration) -> (Progress, Progress, Self) {
            let written = Self::default();
            let screen = Arc::new(Mutex::new(Screen::new(Box::new(written.clone()), interval)));
            let progress = || Progress::new(Some(screen.clone()), delay);
            (progress(), progress(), written)
        }

        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    fn epoch(epoch: usize) -> EpochLog {
        EpochLog {
            epoch,
            train_loss: 0.4123,
            validation_loss: Some(0.3978),
            learning_rate: 0.001,
        }
    }

    #[test]
    fn a_line_says_where_it_is_and_what_is_left() {
        let elapsed = Duration::from_secs(2);
        assert_eq!(
            line("lstm, split 2 of 4", 100, &epoch(12), elapsed),
            "lstm, split 2 of 4: epoch 12 of 100, loss 0.412, validation 0.398, 15 s left"
        );
        let alone = EpochLog {
            validation_loss: None,
            ..epoch(1)
        };
        assert_eq!(
            line("cnn", 100, &alone, elapsed),
            "cnn: epoch 1 of 100, loss 0.412, 3 min left"
        );
        assert!(line("cnn", 100, &epoch(100), elapsed).ends_with("0 s left"));
    }

    #[test]
    fn a_shorter_line_leaves_nothing_of_a_longer_one_and_the_end_leaves_nothing() {
        let (progress, _other, written) = Written::shared(Duration::ZERO, Duration::ZERO);
        progress.stage("a long stage");
        progress.stage("short");
        progress.stage(&"ä".repeat(200));
        drop(progress);
        let expected = format!("\ra long stage\rshort       \r{}\r{}\r", "ä".repeat(79), " ".repeat(79));
        assert_eq!(written.text(), expected);
    }

    #[test]
    fn short_trainings_and_silent_ones_write_nothing() {
        let (progress, _other, written) = Written::shared(Duration::ZERO, Duration::from_secs(3600));
        progress.stage("stage");
        progress.task("lstm", 2).epoch(&epoch(1));
        drop(progress);
        assert_eq!(written.text(), "");
        Progress::silent().task("lstm", 2).epoch(&epoch(1));
    }

    #[test]
    fn the_line_is_drawn_once_per_interval() {
        let (progress, _other, written) = Written::shared(Duration::from_secs(3600), Duration::ZERO);
        let task = progress.task("lstm", 9);
        (1..=9).for_each(|e| task.epoch(&epoch(e)));
        assert_eq!(written.text().matches('\r').count(), 1);
        assert!(written.text().starts_with("\rlstm: epoch 1 of 9"));
    }

    #[test]
    fn the_oldest_of_parallel_tasks_has_the_line() {
        let (progress, other, written) = Written::shared(Duration::ZERO, Duration::ZERO);
        let (first, second) = (progress.task("first", 2), other.task("second", 2));
        second.epoch(&epoch(1));
        other.stage("stage");
        assert_eq!(written.text(), "");
        first.epoch(&epoch(1));
        drop(first);
        second.epoch(&epoch(2));
        let text = written.text();
        let labels: Vec<&str> = text
            .split('\r')
            .filter_map(|l| l.split_once(':'))
            .map(|l| l.0)
            .collect();
        assert_eq!(labels, ["first", "second"]);
    }

    #[test]
    fn lines_of_threads_are_whole() {
        let (progress, other, written) = Written::shared(Duration::ZERO, Duration::ZERO);
        std::thread::scope(|scope| {
            for p in [&progress, &other, &progress, &other] {
                scope.spawn(move || {
                    for _ in 0..5 {
                        let task = p.task("lstm", 20);
                        (1..=20).for_each(|e| task.epoch(&epoch(e)));
                    }
                });
            }
        });
        let text = written.text();
        let mut drawn = 0;
        for line in text.split('\r').map(str::trim_end).filter(|l| !l.is_empty()) {
            assert!(
                line.starts_with("lstm: epoch ") && line.ends_with(" s left"),
                "{line:?}"
            );
            drawn += 1;
        }
        assert!(drawn >= 20, "{drawn} lines");
    }
}
