#include "rm/shell/file_cluster.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "rm/cib/xml_text.hh"
#include "rm/shell/exits.hh"
#include "rm/shell/input.hh"

namespace gyre::rm::shell {

namespace {

[[noreturn]] void refuse_file(const std::string& path, const char* what) {
  throw Refused(errno == ENOENT ? exits::no_such_object : exits::io,
                fmt::format("{}: {}: {}", path, what, std::strerror(errno)));
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  int get() const { return number_; }

 private:
  int number_;
};

// What is linked to is written, not the link.
std::string real_path(const std::string& path) {
  char resolved[PATH_MAX];
  if (::realpath(path.c_str(), resolved) == nullptr) refuse_file(path, "cannot be found");
  return resolved;
}

// Each change puts another file in its place: whoever waited for the old one waits for that.
Descriptor lock(const std::string& path) {
  for (;;) {
    Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) refuse_file(path, "cannot be opened");
    while (::flock(file.get(), LOCK_EX) != 0)
      if (errno != EINTR) refuse_file(path, "cannot be locked");
    struct stat locked {
    }, named{};
    if (::fstat(file.get(), &locked) != 0) refuse_file(path, "cannot be looked at");
    if (::stat(path.c_str(), &named) == 0 && named.st_ino == locked.st_ino &&
        named.st_dev == locked.st_dev)
      return file;
  }
}

void write_whole(int file, std::string_view text) {
  while (!text.empty()) {
    const auto wrote = ::write(file, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) refuse_file("a file beside it", "cannot be written");
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
}

// Beside it, on disk, and then in its place.
void put_in_place(const std::string& path, int old, std::string_view text) {
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  std::string name = path + ".XXXXXX";
  const Descriptor file(::mkostemp(name.data(), O_CLOEXEC));
  if (file.get() < 0) refuse_file(name, "cannot be made");
  try {
    struct stat as {};
    if (::fstat(old, &as) != 0 || ::fchmod(file.get(), as.st_mode & 07777) != 0)
      refuse_file(name, "cannot be made as the old one is");
    if ((as.st_uid != ::geteuid() || as.st_gid != ::getegid()) &&
        ::fchown(file.get(), as.st_uid, as.st_gid) != 0)
      refuse_file(name, "cannot be given to the old one's owner");
    write_whole(file.get(), text);
    if (::fsync(file.get()) != 0) refuse_file(name, "does not get to disk");
    if (::rename(name.c_str(), path.c_str()) != 0) refuse_file(path, "cannot be replaced");
  } catch (...) {
    ::unlink(name.c_str());
    throw;
  }
  const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || ::fsync(directory.get()) != 0)
    refuse_file(folder, "does not get to disk");
}

Document load(const std::string& path) {
  errno = 0;
  const auto text = read_file(path);
  if (const auto* unread = std::get_if<Unread>(&text))
    throw Refused(errno == ENOENT ? exits::no_such_object : exits::io,
                  fmt::format("{}: {}", path, unread->why));
  auto loaded = Document::load(std::get<std::string>(text));
  if (const auto* fault = std::get_if<Fault>(&loaded))
    throw Refused(exits::config, fmt::format("{}: {}", path, fault->text()));
  return std::get<Document>(std::move(loaded));
}

}  // namespace

Document FileCluster::read() {
  return load(path_);
}

void FileCluster::locked(const std::function<void(Document&)>& edit) const {
  const auto path = real_path(path_);
  const auto file = lock(path);
  auto document = load(path);
  const auto before = indented_text(document.cib());
  edit(document);
  const auto text = indented_text(document.cib());
  if (text == before) return;
  if (const auto fault = scan(text))
    throw Refused(exits::invalid_data, "what came of it could not be read: " + fault->text());
  put_in_place(path, file.get(), text);
}

void FileCluster::change(const Difference& difference) {
  locked([&](Document& document) {
    const bool same = document.version() == difference.from;
    if (const auto why = patch(document, difference)) {
      if (!same) throw Stale(exits::old, *why);
      const bool lowers = difference.to <= difference.from;
      throw Refused(lowers ? exits::old : exits::invalid_data, *why);
    }
  });
}

void FileCluster::change(const AttributeChange& change) {
  locked([&](Document& document) {
    if (const auto why = apply(document, change)) throw Refused(exits::no_such_object, *why);
  });
}

void FileCluster::clean_up(const Cleanup& what) {
  locked([&](Document& document) {
    if (const auto why = apply(document, what)) throw Refused(exits::no_such_object, *why);
  });
}

std::string FileCluster::local_node() {
  utsname names{};
  ::uname(&names);
  return names.nodename;
}

}  // namespace gyre::rm::shell
