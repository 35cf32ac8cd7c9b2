"""schemathesis (PyPI) against the API's own description: every answer has a status, a media type and a shape that /openapi.json states."""

import shutil
import sys
import tempfile
from pathlib import Path

import peer

EXAMPLES = 40


def main():
    python = peer.virtual_environment("openapi", "schemathesis==4.32.5")
    folder = Path(tempfile.mkdtemp(prefix="peer-openapi."))
    port, partner = peer.free_port(), peer.free_port()
    sandbox = peer.Process([peer.ROOT / ".build/debug/partner-sandbox", "--port", partner], folder / "sandbox.log")
    configuration = (peer.ROOT / "config/config.yaml").read_text().replace("127.0.0.1:8700", f"127.0.0.1:{partner}")
    (folder / "config.yaml").write_text(configuration.replace("127.0.0.1:8653", f"127.0.0.1:{port}"))
    daemon = peer.Process([peer.BROKER, "serve", "--config", folder / "config.yaml"], folder / "daemon.log")
    # Methods that nobody knows are answered 501, which schemathesis takes for a fault of the server.
    (folder / "schemathesis.toml").write_text('[phases.coverage]\nunexpected-methods = ["DELETE", "PUT", "PATCH"]\n')
    try:
        sandbox.start()
        daemon.start()
        peer.wait_for("the daemon is ready", lambda: daemon.count("msg=ready"), 20)
        said = peer.run(
            python.parent / "st", "run", f"http://127.0.0.1:{port}/openapi.json", "-H", "Authorization: Bearer demo",
            # Tokens that are held or given up would only make the requests after them fail.
            "--exclude-path-regex", "/(pause|revoke)$", "--max-examples", EXAMPLES, "--phases", "examples,coverage,fuzzing", "--seed", "1", cwd=folder, timeout=300)
        print(next(line.strip() for line in said.splitlines() if "generated" in line), "- no failure")
        return 0
    except AssertionError as error:
        print(f"FAILED: {error}")
        return 1
    finally:
        daemon.stop()
        sandbox.stop()
        shutil.rmtree(folder)


sys.exit(main())
