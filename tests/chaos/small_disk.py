"""A file system of a few MiB, which can be filled to the last byte."""
import errno
import os
import pathlib
import subprocess
import tempfile

PIECE = 64 * 1024


class SmallDisk:
    """A tmpfs; needs the right to mount. `SmallDisk.refusal()` says why it cannot be had, or None."""

    def __init__(self, mib):
        self._folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self._folder.name)
        self._filler = self.path / "filler"
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=0700", "tmpfs", self.path],
                              capture_output=True, text=True, timeout=30)
        if done.returncode != 0:
            self._folder.cleanup()
            raise PermissionError(f"no file system can be mounted here: {done.stderr.strip()}")

    @staticmethod
    def refusal():
        try:
            SmallDisk(1).close()
        except (PermissionError, FileNotFoundError) as error:
            return str(error)
        return None

    @property
    def free_bytes(self):
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize

    def fill(self):
        """To the last byte, whatever has been freed since the last time."""
        with open(self._filler, "ab", buffering=0) as file:
            for piece in (PIECE, 1):
                try:
                    while file.write(b"\0" * piece):
                        pass
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def make_room(self):
        self._filler.unlink()

    def close(self):
        subprocess.run(["umount", self.path], check=True, timeout=30)
        self._folder.cleanup()
