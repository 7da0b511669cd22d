// Every setting of a file by its path, each value checked alone: sections that repeat have their
// number in the path ("totem.interface.0.mcastport", "nodelist.node.2.nodeid").
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node/config.hh"

namespace gyre::node {

// A text that is wiped when it is gone. It is handed over, never copied.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string&& text) noexcept : text_(std::move(text)) {}
  Secret(Secret&& other) noexcept { *this = std::move(other); }
  Secret& operator=(Secret&& other) noexcept {
    text_.swap(other.text_);
    return *this;
  }
  ~Secret();
  std::string_view text() const noexcept { return text_; }

 private:
  std::string text_;
};
// Overwrites it, too.
void wipe(std::string& text) noexcept;

class Settings {
 public:
  struct Value {
    std::string text;
    int line = 0;
  };
  // A section that may stand in the file more than once.
  struct Numbered {
    std::string path;
    int line = 0;
  };

  // Throws ConfigError for what split_lines and complaint do not like. The first service{} gets
  // the number `services`: so many are in other files.
  Settings(std::string_view text, const std::string& file, std::size_t services = 0);

  bool has(const std::string& path) const { return values_.count(path) != 0; }
  std::string text(const std::string& path, std::string_view otherwise = {}) const;
  // Only for keys that the table calls numbers.
  std::uint64_t number(const std::string& path, std::uint64_t otherwise) const;
  bool is(const std::string& path, std::string_view value) const;
  // Of totem.key, whose text() is empty.
  std::string_view secret() const { return secret_.text(); }
  // Where `path` is written, else where its section begins, else where that one's does; 0: nowhere.
  int line(std::string path) const;
  [[noreturn]] void refuse(const std::string& path, std::string_view reason) const;

  void notice(const std::string& path, std::string_view text);

  const std::string& file() const { return file_; }
  const std::map<std::string, Value>& values() const { return values_; }
  const std::vector<Numbered>& interfaces() const { return interfaces_; }
  const std::vector<Numbered>& nodes() const { return nodes_; }
  const std::vector<Numbered>& members() const { return members_; }  // path: of the memberaddr
  const std::vector<Numbered>& services() const { return services_; }
  const std::vector<Grant>& grants() const { return grants_; }
  // In the order of the file.
  std::vector<std::string> notices() const;

 private:
  friend class SettingsReader;
  std::string file_;
  std::size_t services_elsewhere_;
  std::map<std::string, Value> values_;
  Secret secret_;
  std::map<std::string, int> section_lines_;
  std::vector<Numbered> interfaces_, nodes_, members_, services_;
  std::vector<Grant> grants_;
  std::multimap<int, std::string> notices_;
};

}  // namespace gyre::node
