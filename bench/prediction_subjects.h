// What predictions of time are held against the clock with: whole networks, and single layers, as ONNX.
#pragma once

#include <string>
#include <vector>

namespace chengying::bench {

struct Subject {
  std::string name;
  std::string onnx;
};

/// A hundred convolutions, dense layers and pools of the shapes that networks have.
std::vector<Subject> layers();
std::vector<Subject> whole_networks();

}  // namespace chengying::bench
