// The memory of another process, read as root reads it.
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "tests/node/temporary.hh"
#include "transport/shm/descriptor.hh"

namespace gyre::test {

struct Mapping {
  std::uintptr_t begin = 0, end = 0;
  std::string name, flags;  // as smaps says them

  bool keeps_keys() const {
    const auto has = [&](const char* flag) { return flags.find(flag) != std::string::npos; };
    return name.empty() && has(" lo") && has(" dd") && has(" wf") && !has(" sh");
  }
};

inline std::vector<Mapping> mappings_of(pid_t pid) {
  std::vector<Mapping> all;
  std::istringstream lines(read_file(fmt::format("/proc/{}/smaps", pid)));
  for (std::string line; std::getline(lines, line);) {
    Mapping next;
    char name[256] = "";
    if (std::sscanf(line.c_str(), "%lx-%lx %*s %*s %*s %*s %255[^\n]", &next.begin, &next.end,
                    name) >= 2) {
      next.name = name;
      all.push_back(next);
    } else if (line.starts_with("VmFlags:")) {
      all.back().flags = line;
    }
  }
  return all;
}

// Every page that there is, whoever may read it, with the mapping that it is in.
class Memory {
 public:
  explicit Memory(pid_t pid)
      : memory_(::open(fmt::format("/proc/{}/mem", pid).c_str(), O_RDONLY | O_CLOEXEC)),
        pages_(::open(fmt::format("/proc/{}/pagemap", pid).c_str(), O_RDONLY | O_CLOEXEC)) {
    for (const Mapping& mapping : mappings_of(pid)) read(mapping);
  }
  // Where those bytes stand.
  std::vector<Mapping> places_of(std::span<const std::byte> wanted) const {
    std::vector<Mapping> found;
    for (const Part& part : parts_) {
      const std::boyer_moore_horspool_searcher search(wanted.begin(), wanted.end());
      for (auto at = part.bytes.begin();
           (at = search(at, part.bytes.end()).first) != part.bytes.end(); ++at)
        found.push_back(part.mapping);
    }
    return found;
  }

 private:
  struct Part {
    Mapping mapping;
    std::vector<std::byte> bytes;
  };
  static constexpr std::size_t page = 4096;

  void read(const Mapping& mapping) {
    std::vector<std::uint64_t> entries((mapping.end - mapping.begin) / page);
    ::pread(pages_.number(), entries.data(), entries.size() * 8,
            static_cast<off_t>(mapping.begin / page * 8));
    bool grows = false;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      std::array<std::byte, page> bytes;
      const bool is_there = entries[i] >> 62 != 0 &&  // in memory, or swapped out
                            ::pread(memory_.number(), bytes.data(), page,
                                    static_cast<off_t>(mapping.begin + i * page)) == page;
      if (is_there) {
        if (!grows) parts_.push_back({mapping, {}});
        parts_.back().bytes.insert(parts_.back().bytes.end(), bytes.begin(), bytes.end());
      }
      grows = is_there;
    }
  }

  shm::Descriptor memory_, pages_;
  std::vector<Part> parts_;
};

}  // namespace gyre::test
