#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "node/config.hh"
#include "node/config_lines.hh"
#include "node/config_settings.hh"
#include "transport/shm/descriptor.hh"

namespace gyre::node {
namespace {

constexpr std::size_t file_max = 1 << 20;  // some hundred times what 128 nodes need
constexpr std::size_t parts_max = 256;     // of one folder

// What stands in it may be a secret only if `facts` say that others cannot read it.
std::string read_text(const std::string& file, struct stat* facts = nullptr) {
  const auto fail = [&] { refuse(file, 0, std::string("cannot be read: ") + strerror(errno)); };
  const shm::Descriptor opened(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!opened || (facts && ::fstat(opened.number(), facts) != 0)) fail();
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
  struct stat facts {};
  const Secret text(read_text(file, &facts));
  std::vector<ConfigPart> parts;
  for (const char* section : {"uidgid", "service"})
    for (const std::string& part :
         files_in(std::filesystem::path(file).parent_path() / (std::string(section) + ".d")))
      parts.push_back({section, part, read_text(part)});
  Config config = parse_config(text.text(), file, parts);
  if (config.protection.key && (facts.st_mode & 077) != 0)
    refuse(file, 0,
           fmt::format("holds the cluster's key and has mode {:04o}, so others may read it: `chmod "
                       "0600 {}`, or write a keyfile instead of a key",
                       facts.st_mode & 07777, file));
  return config;
}

}  // namespace gyre::node
