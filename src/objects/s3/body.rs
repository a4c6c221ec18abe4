//! The body of a PUT: pieces of a source, counted and limited as they go on the wire.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body_1x::{Body, Frame, SizeHint};
use tokio::task::JoinHandle;

use super::super::error::{Problem, StoreError};
use super::super::flow::{ByteCounter, Limiter};
use super::super::source::{ByteRange, FileReader, Source};
use crate::model::digest::Sha256;

/// What the body of one attempt tells the one who watches it.
pub(super) struct Flow {
    started: Instant,
    total_bytes: u64,
    sent_bytes: AtomicU64,
    /// Milliseconds since `started` when bytes last moved.
    last_moved_ms: AtomicU64,
    /// The limiter holds the bytes back: that is no stall.
    held_back: AtomicBool,
    fault: Mutex<Option<StoreError>>,
}

impl Flow {
    pub fn new(total_bytes: u64) -> Arc<Self> {
        Arc::new(Self {
            started: Instant::now(),
            total_bytes,
            sent_bytes: AtomicU64::new(0),
            last_moved_ms: AtomicU64::new(0),
            held_back: AtomicBool::new(false),
            fault: Mutex::new(None),
        })
    }

    pub fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    pub fn all_sent(&self) -> bool {
        self.sent_bytes.load(Ordering::Relaxed) >= self.total_bytes
    }

    pub fn held_back(&self) -> bool {
        self.held_back.load(Ordering::Relaxed)
    }

    /// How long nothing has moved.
    pub fn quiet_for(&self) -> Duration {
        let last = Duration::from_millis(self.last_moved_ms.load(Ordering::Relaxed));
        self.started.elapsed().saturating_sub(last)
    }

    /// What went wrong with the source, if that is why the request failed.
    pub fn take_fault(&self) -> Option<StoreError> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn moved(&self, bytes: usize) {
        self.sent_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_moved_ms.store(now, Ordering::Relaxed);
    }
}

/// What an attempt sends.
pub(super) struct Payload<'a> {
    pub source: &'a Source,
    pub range: ByteRange,
    /// Of the range.
    pub sha256: Sha256,
    pub counter: Option<&'a ByteCounter>,
    pub limiter: Option<&'a Limiter>,
}

impl Payload<'_> {
    /// A new body, read from the start of the range.
    pub fn body(&self, flow: &Arc<Flow>) -> SdkBody {
        let (feed, current) = match self.source {
            Source::Bytes { bytes, .. } => {
                let range = usize::try_from(self.range.start).ok().zip(usize::try_from(self.range.end).ok());
                let part = range.filter(|&(start, end)| start <= end && end <= bytes.len());
                (Feed::Ended, part.map(|(start, end)| bytes.slice(start..end)).unwrap_or_default())
            }
            Source::File { path, size_bytes, .. } => {
                let reader = FileReader::new(path, *size_bytes, self.range, Some(self.sha256));
                (Feed::Idle(Box::new(reader)), Bytes::new())
            }
        };
        SdkBody::from_body_1_x(SourceBody {
            feed,
            current,
            remaining_bytes: self.range.len(),
            flow: flow.clone(),
            counter: self.counter.cloned(),
            limiter: self.limiter.cloned(),
            waiting: None,
        })
    }
}

struct SourceBody {
    feed: Feed,
    current: Bytes,
    remaining_bytes: u64,
    flow: Arc<Flow>,
    counter: Option<ByteCounter>,
    limiter: Option<Limiter>,
    /// The piece that the limiter holds back, and until when.
    waiting: Option<(Pin<Box<tokio::time::Sleep>>, Bytes)>,
}

/// A reader with what it read last.
type ReadPiece = (Box<FileReader>, Result<Option<Bytes>, StoreError>);

/// Where the next piece comes from. The file is read one piece ahead, on a thread that may block.
enum Feed {
    Idle(Box<FileReader>),
    Reading(JoinHandle<ReadPiece>),
    Ended,
}

impl SourceBody {
    /// Pieces are small, so that progress shows on slow lines.
    const PIECE_BYTES: usize = 64 * 1024;

    fn read_ahead(mut reader: Box<FileReader>) -> Feed {
        Feed::Reading(tokio::task::spawn_blocking(move || {
            let read = reader.next_blocking();
            (reader, read)
        }))
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), StoreError>> {
        loop {
            match std::mem::replace(&mut self.feed, Feed::Ended) {
                Feed::Ended => return Poll::Ready(Ok(())),
                Feed::Idle(reader) => self.feed = Self::read_ahead(reader),
                Feed::Reading(mut task) => {
                    let Poll::Ready(joined) = Pin::new(&mut task).poll(cx) else {
                        self.feed = Feed::Reading(task);
                        return Poll::Pending;
                    };
                    let (reader, read) =
                        joined.map_err(|error| StoreError::new(Problem::Other, "read the file").with_source(error))?;
                    if let Some(chunk) = read? {
                        self.current = chunk;
                        self.feed = if reader.is_done() { Feed::Ended } else { Self::read_ahead(reader) };
                    }
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }

    fn release(&mut self, piece: Bytes) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        self.remaining_bytes = self.remaining_bytes.saturating_sub(piece.len() as u64);
        self.flow.moved(piece.len());
        if let Some(counter) = &self.counter {
            counter(piece.len() as u64);
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

impl Body for SourceBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        let this = &mut *self;
        if let Some((sleep, _)) = &mut this.waiting {
            ready!(sleep.as_mut().poll(cx));
            this.flow.held_back.store(false, Ordering::Relaxed);
            if let Some((_, piece)) = this.waiting.take() {
                return this.release(piece);
            }
        }
        if this.current.is_empty()
            && let Err(fault) = ready!(this.poll_chunk(cx))
        {
            *this.flow.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
            return Poll::Ready(Some(Err(std::io::Error::other("the source failed"))));
        }
        if this.current.is_empty() {
            return Poll::Ready(None);
        }
        let piece_bytes = this.limiter.as_ref().map_or(Self::PIECE_BYTES, Limiter::piece_bytes);
        let piece = this.current.split_to(piece_bytes.min(this.current.len()));
        let wait = this.limiter.as_ref().map_or(Duration::ZERO, |limiter| limiter.take(piece.len()));
        if wait.is_zero() {
            return this.release(piece);
        }
        this.flow.held_back.store(true, Ordering::Relaxed);
        let mut sleep = Box::pin(tokio::time::sleep(wait));
        if sleep.as_mut().poll(cx).is_ready() {
            this.flow.held_back.store(false, Ordering::Relaxed);
            return this.release(piece);
        }
        this.waiting = Some((sleep, piece));
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        // A file's last word is its hash: only the reader knows that it has ended well.
        matches!(self.feed, Feed::Ended) && self.current.is_empty() && self.waiting.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining_bytes)
    }
}
