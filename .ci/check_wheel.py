"""Check that the wheel contains the package and nothing else."""

import sys
import zipfile
from pathlib import Path

(wheel,) = Path("dist").glob("*.whl")
names = set(zipfile.ZipFile(wheel).namelist())
package = {name for name in names if name.startswith("django_simple_auth/")}

wrong = {name for name in names - package if ".dist-info/" not in name}
wrong |= {name for name in package if Path(name).suffix not in {".py", ".po", ".mo", ".typed", ".txt", ".html"}}
checkout = {str(path) for path in Path("django_simple_auth").rglob("*") if path.is_file()}
missing = {name for name in checkout - package if "__pycache__" not in name}
if not any(name.endswith("django.mo") for name in package):
    missing.add("a translation")
found = [f"does not belong in {wheel.name}: {name}" for name in sorted(wrong)]
found += [f"missing in {wheel.name}: {name}" for name in sorted(missing)]
sys.exit("\n".join(found) or 0)
