#include "cloud/doors/json_tensor.h"

#include <boost/json.hpp>
#include <charconv>
#include <cmath>
#include <limits>
#include <type_traits>

#include "base/check.h"

namespace chengying::doors {
namespace {

namespace json = boost::json;

/// Calls `use` with a zero of the type that holds an element of `dtype`; false if JSON does not carry it.
template <class Use>
bool with_type(DType dtype, Use use) {
  switch (dtype) {
    case DType::kU8:
      use(std::uint8_t{});
      return true;
    case DType::kI8:
      use(std::int8_t{});
      return true;
    case DType::kI16:
      use(std::int16_t{});
      return true;
    case DType::kI32:
      use(std::int32_t{});
      return true;
    case DType::kI64:
      use(std::int64_t{});
      return true;
    case DType::kF32:
      use(float{});
      return true;
    case DType::kF64:
      use(double{});
      return true;
    case DType::kBool:
      use(bool{});
      return true;
    case DType::kF16:
    case DType::kBF16:
      return false;
  }
  return false;
}

template <class T>
bool read_float(const json::value& value, T& out) {
  if (const json::string* text = value.if_string()) {
    if (*text == "NaN") return out = std::numeric_limits<T>::quiet_NaN(), true;
    if (*text == "Infinity") return out = std::numeric_limits<T>::infinity(), true;
    if (*text == "-Infinity") return out = -std::numeric_limits<T>::infinity(), true;
    return false;
  }
  if (!value.is_number()) return false;
  out = static_cast<T>(value.to_number<double>());
  return std::isfinite(out);
}

template <class T>
bool read(const json::value& value, T& out) {
  if constexpr (std::is_same_v<T, bool>) {
    if (!value.is_bool()) return false;
    out = value.get_bool();
    return true;
  } else if constexpr (std::is_floating_point_v<T>) {
    return read_float(value, out);
  } else {
    json::error_code error;
    if (!value.is_number()) return false;
    out = value.to_number<T>(error);
    return !error;
  }
}

/// Fills a tensor from arrays in order of depth.
template <class T>
class Filler {
 public:
  Filler(Tensor& tensor) : shape_(tensor.shape()), dtype_(tensor.dtype()), out_(tensor.as<T>()) {}

  Status flat(const json::array& data) {
    if (data.size() != out_.size()) {
      return fail(Code::kInvalidArgument, "data has {} elements, but shape {} needs {}", data.size(),
                  to_string(shape_), out_.size());
    }
    for (const json::value& value : data) TRY(take(value));
    return {};
  }

  Status nested(const json::array& data, std::size_t depth) {
    if (static_cast<std::int64_t>(data.size()) != shape_[depth]) {
      return fail(Code::kInvalidArgument,
                  "data is nested with {} elements at depth {}, but shape {} needs {}", data.size(), depth,
                  to_string(shape_), shape_[depth]);
    }
    for (const json::value& value : data) {
      const json::array* inner = value.if_array();
      const bool leaf = depth + 1 == shape_.size();
      if (leaf != (inner == nullptr)) {
        return fail(Code::kInvalidArgument, "data is nested neither flat nor as shape {} says (at depth {})",
                    to_string(shape_), depth + 1);
      }
      TRY(leaf ? take(value) : nested(*inner, depth + 1));
    }
    return {};
  }

 private:
  Status take(const json::value& value) {
    if (read(value, out_[next_])) return ++next_, Status{};
    std::string text = json::serialize(value);
    if (text.size() > 40) text = text.substr(0, 40) + "...";
    return fail(Code::kInvalidArgument, "data[{}] is {}, which is no {}", next_, text,
                protocol_name_of(dtype_));
  }

  const Shape& shape_;
  DType dtype_;
  std::span<T> out_;
  std::size_t next_ = 0;
};

template <class T>
void append_element(std::string& out, T value) {
  if constexpr (std::is_same_v<T, bool>) {
    out += value ? "true" : "false";
  } else {
    if constexpr (std::is_floating_point_v<T>) {
      if (std::isnan(value)) return void(out += "\"NaN\"");
      if (std::isinf(value)) return void(out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    }
    char text[32];
    out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
  }
}

}  // namespace

bool json_carries(DType dtype) {
  return with_type(dtype, [](auto) {});
}

Result<Tensor> tensor_from_json(DType dtype, const Shape& shape, const json::array& data) {
  Tensor tensor(dtype, shape);
  Status status;
  const bool carried = with_type(dtype, [&](auto zero) {
    Filler<decltype(zero)> filler(tensor);
    const bool nested = !data.empty() && data.front().is_array();
    status = nested && !shape.empty() ? filler.nested(data, 0) : filler.flat(data);
  });
  if (!carried) {
    return fail(Code::kInvalidArgument, "{} travels as binary data only (parameters.binary_data_size)",
                protocol_name_of(dtype));
  }
  if (!status) return std::unexpected(status.error());
  return tensor;
}

void append_json(std::string& out, const Tensor& tensor) {
  out += '[';
  const bool carried = with_type(tensor.dtype(), [&](auto zero) {
    for (const auto value : tensor.as<decltype(zero)>()) {
      append_element(out, value);
      out += ',';
    }
  });
  CHECK(carried);
  if (out.back() == ',') out.pop_back();
  out += ']';
}

}  // namespace chengying::doors
