"""The built-in faces: what they can be, how they are drawn, how they are read back."""
