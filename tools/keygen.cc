// corosync-keygen: the secret that the nodes of a cluster share.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

#include "tools/corosync.hh"

namespace gyre::tools {
namespace {

constexpr std::size_t size_min = 128, size_max = 4096;
constexpr int status_usage = 1, status_file = 2;

constexpr const char* usage = R"(Usage: {0} [-k <keyfile>] [-s size] [-r <randomfile>] [-l] [-h]
     -k / --key-file=<filename> -  Write to the specified keyfile
            instead of the default /etc/corosync/authkey. A file that is
            there already is left alone.
     -r / --random-file -  Random number source file. Default is
            /dev/urandom. As an example /dev/random may be requested
            (that may require user input for entropy).
     -l / --less-secure - Not used, option is kept only
            for compatibility.
     -s / --size -  Length of key: 128 (if not said) to 4096 bytes.
     -h / --help -  Print basic usage.
     --json - One JSON object instead of words.

Example:
  gyre keygen -k ./authkey

Exit status: 0 done, 1 usage or no random numbers, 2 the file cannot be written.
)";

struct Request {
  std::string file = "/etc/corosync/authkey", source = "/dev/urandom";
  std::size_t size = size_min;
};

int say_why(const char* what, const std::string& of, int status) {
  const int error = errno;
  fmt::print(stderr, "corosync-keygen: {}{}{}: {}\n", what, of.empty() ? "" : " ", of,
             std::strerror(error));
  return status;
}

// The key, or nothing, with the reason told.
std::optional<std::string> gather(const Request& request) {
  std::string key(request.size, '\0');
  const int source = ::open(request.source.c_str(), O_RDONLY | O_CLOEXEC);
  if (source < 0) {
    say_why("Failed to open random source", "", status_usage);
    fmt::print(stderr, "{}\n", request.source);
    return std::nullopt;
  }
  std::size_t got = 0;
  while (got < key.size()) {
    const ssize_t count = ::read(source, key.data() + got, key.size() - got);
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) errno = ENODATA;
    if (count <= 0) {
      say_why("Could not read from random source", request.source, status_usage);
      break;
    }
    got += static_cast<std::size_t>(count);
  }
  ::close(source);
  if (got < key.size()) return std::nullopt;
  return key;
}

// Never over another key, and not through a link that someone laid there.
int write(const Request& request, const std::string& key, bool json) {
  const int file =
      ::open(request.file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR);
  if (file < 0) return say_why("Could not create", request.file, status_file);
  if (!json) fmt::print("Writing corosync key to {}.\n", request.file);
  std::fflush(stdout);
  std::size_t done = 0;
  while (done < key.size()) {
    const ssize_t count = ::write(file, key.data() + done, key.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  const bool kept = done == key.size() && ::fsync(file) == 0 && ::fchmod(file, S_IRUSR) == 0;
  const int status = kept ? 0 : say_why("Could not write", request.file, status_file);
  ::close(file);
  if (!kept) ::unlink(request.file.c_str());
  return status;
}

int run(const Request& request, bool json) {
  if (!json)
    fmt::print(
        "Corosync Cluster Engine Authentication key generator.\n"
        "Gathering {} bits for key from {}.\n",
        request.size * 8, request.source);
  std::fflush(stdout);
  std::optional<std::string> key = gather(request);
  if (!key) return status_usage;
  const int status = write(request, *key, json);
  ::explicit_bzero(key->data(), key->size());
  if (json && status == 0)
    fmt::print("{}\n", Json{{"file", request.file}, {"bits", request.size * 8}}.dump());
  return status;
}

}  // namespace

int keygen(int argc, char** argv) {
  static constexpr option longs[] = {{"key-file", required_argument, nullptr, 'k'},
                                     {"random-file", required_argument, nullptr, 'r'},
                                     {"less-secure", no_argument, nullptr, 'l'},
                                     {"size", required_argument, nullptr, 's'}};
  Options options(argc, argv, {.usage = usage, .letters = "k:s:r:l", .longs = longs});
  Request request;
  for (int letter; (letter = options.next()) != -1;) switch (letter) {
      case 'k':
        request.file = optarg;
        break;
      case 'r':
        request.source = optarg;
        break;
      case 's': {
        const auto size = read_number(optarg);
        if (!size || *size < size_min || *size > size_max) {
          return failed(fmt::format("corosync-keygen: Unsupported key size (supported <{},{}>)",
                                    size_min, size_max),
                        optarg);
        }
        request.size = *size;
        break;
      }
      default:  // -l, which is not used
        break;
    }
  if (options.ended())
    return *options.ended() == 0 ? 0 : failed("Error parsing command line options.");
  return run(request, options.common().json);
}

}  // namespace gyre::tools
