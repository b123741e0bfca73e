"""The one build step that pyproject.toml cannot name: the search spaces go into the package.

They stay in ``searchspaces/`` of the checkout; an editable installation finds them there.
"""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithSpaces(build_py):
    """Copies ``searchspaces/*.yaml`` into ``facesearch/searchspaces``."""

    def run(self) -> None:
        """Build the package, then put the spaces in."""
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib, "facesearch", "searchspaces")
            self.mkpath(str(target))
            for space in sorted(Path("searchspaces").glob("*.yaml")):
                self.copy_file(str(space), str(target / space.name))


setup(cmdclass={"build_py": BuildWithSpaces})
