#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "node/config.hh"
#include "node/config_lines.hh"
#include "transport/shm/descriptor.hh"

namespace gyre::node {
namespace {

constexpr std::size_t file_max = 1 << 20;  // some hundred times what 128 nodes need
constexpr std::size_t parts_max = 256;     // of one folder

std::string read_text(const std::string& file) {
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
  text.shrink_to_fit();
  return text;
}

// What editors leave behind is no part of the configuration.
bool left_behind(const std::string& name) {
  return name.starts_with('.') || name.ends_with('~');
}

// The regular files of the folder, by name. A folder that is missing holds none.
std::vector<std::string> files_in(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (left_behind(entry->path().filename()) || !entry->is_regular_file(error)) continue;
    files.push_back(entry->path());
    if (files.size() > parts_max)
      refuse(folder, 0, "more than " + std::to_string(parts_max) + " files");
  }
  if (error && error != std::errc::no_such_file_or_directory)
    refuse(folder, 0, "cannot be read: " + error.message());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Config read_config(const std::string& file) {
  const std::string text = read_text(file);
  std::vector<ConfigPart> parts;
  for (const char* section : {"uidgid", "service"})
    for (const std::string& part :
         files_in(std::filesystem::path(file).parent_path() / (std::string(section) + ".d")))
      parts.push_back({section, part, read_text(part)});
  return parse_config(text, file, parts);
}

}  // namespace gyre::node
