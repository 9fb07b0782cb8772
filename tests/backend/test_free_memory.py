"""The free memory, as the system's files say."""

from anime_gan.backend import free_memory


def test_free_memory_is_read_from_the_system(tmp_path, monkeypatch):
    """More than nothing here; a container's limit counts, without the cache of files."""
    assert free_memory.free_bytes() > 2**20
    (tmp_path / "memory.max").write_text("5000\n")
    (tmp_path / "memory.current").write_text("4000\n")
    (tmp_path / "memory.stat").write_text("anon 100\ninactive_file 700\nactive_file 200\n")
    monkeypatch.setattr(free_memory, "LIMITS", ((tmp_path, "memory.max", "memory.current"),))
    assert free_memory.free_bytes() == 1900
    (tmp_path / "memory.max").write_text("max\n")
    assert free_memory.free_bytes() > 2**20
