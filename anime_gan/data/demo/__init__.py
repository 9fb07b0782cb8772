"""The built-in faces: their attributes, how they are drawn, how attributes are read back."""

from anime_gan.data.demo.dataset import (
    LARGEST,
    SMALLEST,
    builtin_folder,
    draw_faces,
    ensure_faces,
    write_faces,
)

__all__ = ["LARGEST", "SMALLEST", "builtin_folder", "draw_faces", "ensure_faces", "write_faces"]
