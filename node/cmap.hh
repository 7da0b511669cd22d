// The key map: what Corosync's programs and tools call cmap. Names and values, in alphabetical
// order, and whoever wants to know when one changes.
//
// Pure, bounded for programs, and for one thread: the helper's. It says what may be written down at
// all; which keys a program may write is cmap_rules.hh.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "node/cmap_value.hh"

namespace gyre::node {

inline constexpr std::size_t cmap_key_min = 3, cmap_key_max = 255;

// Letters, digits and . _ - / : make a key.
bool valid_cmap_key(std::string_view key) noexcept;

enum class CmapStatus : std::uint8_t {
  ok,
  bad_key,    // too short, too long, or with other characters
  bad_value,  // bytes or a text of more than cmap_value_max, or no bytes
  missing,
  full,  // more keys, or more bytes in all, than the map has room for
};

class Cmap {
 public:
  struct Limits {
    std::size_t keys = 65536;
    std::size_t bytes = 8 << 20;  // of keys and values
  };
  explicit Cmap(const Limits& limits) : limits_(limits) {}
  Cmap() : Cmap(Limits{}) {}

  // For programs, within the limits.
  CmapStatus set(std::string_view key, CmapValue value);
  // For the daemon, which has a bound of its own: what programs wrote takes no room from it.
  CmapStatus put(std::string_view key, CmapValue value);
  CmapStatus remove(std::string_view key);

  // Null: there is none. Valid until the next change.
  const CmapValue* find(std::string_view key) const;
  // Every key that begins with `prefix`, by ascending name. `visit` may not change the map.
  template <typename Visit>
  void each(std::string_view prefix, Visit visit) const {
    for (auto at = values_.lower_bound(prefix); at != values_.end(); ++at) {
      if (!at->first.starts_with(prefix)) return;
      visit(at->first, at->second);
    }
  }
  std::size_t size() const noexcept { return values_.size(); }

  // A key was added (nothing before), removed (nothing after) or modified, in type or value.
  struct Change {
    std::string_view key;
    const CmapValue* before;
    const CmapValue* after;
  };
  using Tracker = std::function<void(const Change&)>;
  // `tracker` is called for each change of the key, or of those that begin with it, for as long as
  // what this returns lives. It may not change the map. Tracking outlives the key.
  std::shared_ptr<void> track(std::string key, bool prefix, Tracker tracker);

 private:
  struct Tracking {
    std::string key;
    bool prefix;
    Tracker tracker;
  };
  bool has_room(std::string_view key, const CmapValue& value) const;
  void store(std::string_view key, CmapValue value);
  void tell(const Change& change) const;

  Limits limits_;
  std::map<std::string, CmapValue, std::less<>> values_;
  std::size_t bytes_ = 0;
  std::shared_ptr<std::list<Tracking>> trackings_ = std::make_shared<std::list<Tracking>>();
};

}  // namespace gyre::node
