#include "rm/shell/input.hh"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "rm/cib/scan.hh"

namespace gyre::rm::shell {

namespace {

template <class Bytes>
std::variant<Bytes, Unread> read_as(std::FILE* from) {
  struct stat of {};
  const bool is_file = ::fstat(::fileno(from), &of) == 0 && S_ISREG(of.st_mode);
  const auto told = static_cast<std::size_t>(is_file ? of.st_size : 0);
  const Unread too_long{fmt::format("more than {} bytes", document_size_max)};
  if (told > document_size_max) return too_long;
  Bytes text;
  for (std::size_t room = told + 1;; room = text.size()) {
    const std::size_t had = text.size();
    text.resize(had + std::max(room, std::size_t{1} << 16));
    const std::size_t got = std::fread(text.data() + had, 1, text.size() - had, from);
    text.resize(had + got);
    if (std::ferror(from)) return Unread{std::strerror(errno)};
    if (text.size() > document_size_max) return too_long;
    if (std::feof(from)) return text;
  }
}

template <class Bytes>
std::variant<Bytes, Unread> read_as(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                             std::fclose);
  if (!file) return Unread{std::strerror(errno)};
  return read_as<Bytes>(file.get());
}

}  // namespace

std::variant<std::string, Unread> read_file(const std::string& path) {
  return read_as<std::string>(path);
}

std::variant<std::string, Unread> read_all(std::FILE* from) {
  return read_as<std::string>(from);
}

std::variant<Text, Unread> read_document(const std::string& path) {
  return read_as<Text>(path);
}

std::variant<Text, Unread> read_document(std::FILE* from) {
  return read_as<Text>(from);
}

std::string write_file(const std::string& path, std::string_view text) {
  std::FILE* const file = std::fopen(path.c_str(), "wbe");
  if (file == nullptr) return std::strerror(errno);
  const bool wrote = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fclose(file) == 0 && wrote ? "" : std::strerror(errno);
}

}  // namespace gyre::rm::shell
