// Names and values that belong together: the attributes of a node, the parameters of a resource.
// Both are views into the document, or into strings that outlive this.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace gyre::rm {

class Attributes {
 public:
  struct Entry {
    std::string_view name, value;
    bool operator==(const Entry&) const = default;
  };

  using value_type = Entry;
  using const_iterator = std::vector<Entry>::const_iterator;

  std::optional<std::string_view> find(std::string_view name) const noexcept;
  std::string_view value_or(std::string_view name, std::string_view otherwise) const noexcept {
    return find(name).value_or(otherwise);
  }
  bool contains(std::string_view name) const noexcept { return find(name).has_value(); }

  // What was there under that name is gone.
  void set(std::string_view name, std::string_view value);
  // What is there under that name stays. Was there nothing?
  bool add(std::string_view name, std::string_view value);
  void erase(std::string_view name) noexcept;

  // Those whose names begin so.
  std::span<const Entry> beginning_with(std::string_view) const noexcept;

  // In the order of the names' bytes.
  const_iterator begin() const noexcept { return entries_.begin(); }
  const_iterator end() const noexcept { return entries_.end(); }
  std::size_t size() const noexcept { return entries_.size(); }
  bool empty() const noexcept { return entries_.empty(); }
  bool operator==(const Attributes&) const = default;

 private:
  std::vector<Entry> entries_;
};

}  // namespace gyre::rm
