#include "rm/daemon/store.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "rm/local/descriptor.hh"

namespace gyre::rm::daemon {

namespace {

constexpr std::string_view mark = "<!-- lineage ", end = " -->\n";
constexpr std::string_view set_aside_name = "cib-lost-";

[[noreturn]] void fail(const char* call, const std::string& path) {
  throw std::runtime_error(fmt::format("{} {}: {}", call, path, std::strerror(errno)));
}

void write_all(int descriptor, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t count = ::write(descriptor, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("write", path);
    content.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

Store::Store(std::string directory)
    : directory_(std::move(directory)), path_(directory_ + "/cib.xml") {
  if (::mkdir(directory_.c_str(), 0750) != 0 && errno != EEXIST) fail("mkdir", directory_);
  if (::access(directory_.c_str(), R_OK | W_OK | X_OK) != 0) fail("access", directory_);
}

std::optional<Stored> Store::read() const {
  std::ifstream file(path_, std::ios::binary);
  if (!file) {
    if (errno == ENOENT) return std::nullopt;
    fail("open", path_);
  }
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  std::string lineage;
  if (text.starts_with(mark)) lineage = text.substr(mark.size(), text.find(end) - mark.size());
  auto loaded = Document::load(text);
  if (const auto* fault = std::get_if<Fault>(&loaded))
    throw std::runtime_error(fmt::format(
        "{}: {}. Mend it, or move it away to begin without a configuration and take that of the "
        "other nodes",
        path_, fault->text()));
  return Stored{std::move(std::get<Document>(loaded)), std::move(lineage)};
}

void Store::write(std::string_view configuration, std::string_view lineage) const {
  replace(path_, fmt::format("{}{}{}{}", mark, lineage, end, configuration));
}

std::string Store::set_aside(std::string_view configuration, std::string_view lineage) const {
  const std::string path = fmt::format("{}/{}{}.xml", directory_, set_aside_name, lineage);
  replace(path, configuration);
  return path;
}

std::vector<std::string> Store::aside() const {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(set_aside_name) && name.ends_with(".xml")) found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

void Store::replace(const std::string& path, std::string_view content) const {
  const std::string aside = path + ".new";
  const local::Descriptor file(
      ::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
  if (!file) fail("open", aside);
  write_all(file.number(), content, aside);
  if (::fsync(file.number()) != 0) fail("fsync", aside);
  if (::rename(aside.c_str(), path.c_str()) != 0) fail("rename", aside);
  const local::Descriptor directory(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.number()) != 0) fail("fsync", directory_);
}

}  // namespace gyre::rm::daemon
