// Where a document says that resources are.
#pragma once

#include "rm/cib/document.hh"
#include "rm/schedule/model.hh"

namespace gyre::rm::shell {

class Locations {
 public:
  // The document outlives this.
  explicit Locations(const Document&);

  struct Place {
    std::string_view node;
    bool promoted = false;
  };
  // Of a group or clone: wherever any of it runs; of what is cloned: of each of its instances. None
  // of that name: that is a Mistake.
  std::vector<Place> of(const std::string& id) const;
  const schedule::Cluster& cluster() const { return unpacked_; }

 private:
  schedule::Cluster unpacked_;
};

}  // namespace gyre::rm::shell
