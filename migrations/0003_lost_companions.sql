-- Set by verify when a RAW beside a JPEG is gone from the store, or is other bytes there: it is to be sent again.
ALTER TABLE photoctl.photo_companions ADD COLUMN lost_at timestamp;
