"""How much memory is free, by the system's own files."""

from anime_gan.backend import free_memory


def test_the_system_says_what_is_free(tmp_path, monkeypatch):
    """More than nothing here; and a container's limit counts, less what only caches files."""
    assert free_memory.free_bytes() > 2**20
    (tmp_path / "memory.max").write_text("5000\n")
    (tmp_path / "memory.current").write_text("4000\n")
    (tmp_path / "memory.stat").write_text("anon 100\ninactive_file 700\nactive_file 200\n")
    monkeypatch.setattr(free_memory, "LIMITS", ((tmp_path, "memory.max", "memory.current"),))
    assert free_memory.free_bytes() == 1900
    (tmp_path / "memory.max").write_text("max\n")
    assert free_memory.free_bytes() > 2**20
