#include <fcntl.h>

#include <cerrno>
#include <cstring>

#include "node/config.hh"
#include "node/config_lines.hh"
#include "transport/shm/descriptor.hh"

namespace gyre::node {
namespace {

constexpr std::size_t file_max = 1 << 20;  // some hundred times what 128 nodes need

}  // namespace

Config read_config(const std::string& file) {
  const auto fail = [&] { refuse(file, 0, std::string("cannot be read: ") + strerror(errno)); };
  const shm::Descriptor opened(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!opened) fail();
  std::string text(file_max + 1, '\0');
  std::size_t length = 0;
  while (length < text.size()) {
    const ssize_t got = read(opened.number(), text.data() + length, text.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail();
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  if (length > file_max)
    refuse(file, 0, "longer than " + std::to_string(file_max) + " bytes: no configuration file");
  text.resize(length);
  return parse_config(text, file);
}

}  // namespace gyre::node
