"""A recording's sound: a plain tone as PCM, the same bytes for the same length."""

import io
import math
import struct
import wave

_RATE = 8000
_PITCH = 400  # Hz: a whole number of samples a period, so that a period can be repeated


def tone(seconds: int) -> bytes:
    """A WAV file of so many seconds, one channel of 16 bits at 8 kHz."""
    period = [round(8000 * math.sin(2 * math.pi * step * _PITCH / _RATE)) for step in range(_RATE // _PITCH)]
    frames = struct.pack(f"<{len(period)}h", *period) * (_PITCH * seconds)
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_RATE)
        sound.writeframes(frames)
    return file.getvalue()
