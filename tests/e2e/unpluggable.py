"""A camera that a test can pull out and put back, for the page in a real browser."""

from __future__ import annotations

# Runs before the page's modules: a camera that the test can pull out and put back.
UNPLUGGABLE = """
window.unplugged = false;
const media = navigator.mediaDevices;
const open = media.getUserMedia.bind(media);
const streams = [];
media.getUserMedia = async (constraints) => {
  if (window.unplugged) throw new DOMException("unplugged", "NotFoundError");
  const stream = await open(constraints);
  streams.push(stream);
  return stream;
};
window.unplug = () => {
  window.unplugged = true;
  for (const track of streams.flatMap((s) => s.getVideoTracks())) {
    if (track.readyState === "ended") continue;
    track.stop();
    track.dispatchEvent(new Event("ended"));
  }
};
"""
