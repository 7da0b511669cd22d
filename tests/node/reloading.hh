// A configuration that can be read again, in a directory of its own.
#pragma once

#include <string>

#include "node/key_map.hh"
#include "node/reloader.hh"
#include "tests/node/temporary.hh"

namespace gyre::test {

struct Reloading {
  explicit Reloading(const std::string& content)
      : config(node::parse_config(content, directory / "ring.conf")) {
    write_file(config.file, content);
  }

  TemporaryDirectory directory;
  node::Config config;
  node::Admission admission;
  node::LogWriter writer{{.to_stderr = false, .to_syslog = false, .logfile = {}}, false};
  node::KeyMap key_map{{.config = config, .local = {}, .admission = admission, .names = {}}};
  node::Reloader reloader{
      {.config = config, .admission = admission, .writer = writer, .key_map = key_map}};
};

}  // namespace gyre::test
