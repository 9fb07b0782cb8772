"""The built-in faces: what they can be, how they are drawn, how they are read back."""

from anime_gan.data.demo.dataset import (
    LARGEST,
    SMALLEST,
    builtin_folder,
    draw_faces,
    ensure_faces,
    write_faces,
)

__all__ = ["LARGEST", "SMALLEST", "builtin_folder", "draw_faces", "ensure_faces", "write_faces"]
