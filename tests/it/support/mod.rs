//! Servers and tools that several areas of the suite share.

#[expect(dead_code, reason = "each area uses a part")]
pub mod s3;
