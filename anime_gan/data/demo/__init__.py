"""The built-in faces: their attributes, how they are drawn, how attributes are read back."""

from anime_gan.data.demo.dataset import builtin_faces, draw_faces, ensure_faces, names, table

__all__ = ["builtin_faces", "draw_faces", "ensure_faces", "names", "table"]
