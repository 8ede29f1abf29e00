#include "runtime/worker/frame.h"

#include <algorithm>

#include "isa/spec_rows.h"

namespace chengying::runtime::worker {
namespace {

constexpr std::uint32_t kMagic = 0x31574843;  // "CHW1"
constexpr std::size_t kMessageBytesMost = 4096;

struct Head {
  std::uint32_t magic = kMagic;
  std::uint32_t kind = 0;
};

class Writer {
 public:
  explicit Writer(Kind kind) { field(Head{kMagic, static_cast<std::uint32_t>(kind)}); }

  template <class T>
    requires std::is_trivially_copyable_v<T>
  void field(const T& value) {
    const auto bytes = std::as_bytes(std::span(&value, 1));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  template <class T>
  void list(const std::vector<T>& values) {
    field(static_cast<std::uint32_t>(values.size()));
    for (const T& value : values) field(value);
  }
  void text(std::string_view value) {
    value = value.substr(0, kMessageBytesMost);
    field(static_cast<std::uint32_t>(value.size()));
    const auto bytes = std::as_bytes(std::span(value));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  void status(const Status& value) {
    field(static_cast<std::uint8_t>(value.has_value() ? 1 : 0));
    if (value) return;
    field(static_cast<std::uint8_t>(value.error().code));
    text(value.error().message);
  }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

class Reader {
 public:
  explicit Reader(std::span<const std::byte> packet) : rest_(packet) {}

  template <class T>
    requires std::is_trivially_copyable_v<T>
  void field(T& value) {
    if (rest_.size() < sizeof(T)) {
      short_ = true;
      rest_ = {};
      return;
    }
    std::memcpy(&value, rest_.data(), sizeof(T));
    rest_ = rest_.subspan(sizeof(T));
  }
  template <class T>
  void list(std::vector<T>& values) {
    std::uint32_t count = 0;
    field(count);
    if (count > rest_.size() / sizeof(T)) short_ = true;
    if (short_) return;
    values.resize(count);
    for (T& value : values) field(value);
  }
  void text(std::string& value) {
    std::uint32_t count = 0;
    field(count);
    if (count > rest_.size()) short_ = true;
    if (short_) return;
    value.assign(reinterpret_cast<const char*>(rest_.data()), count);
    rest_ = rest_.subspan(count);
  }
  void status(Status& value) {
    std::uint8_t good = 0, code = 0;
    field(good);
    if (good == 1) return;
    field(code);
    std::string message;
    text(message);
    unknown_ = unknown_ || good != 0 || code > static_cast<std::uint8_t>(Code::kInternal);
    value = std::unexpected(Error{static_cast<Code>(code), std::move(message)});
  }
  /// Whether the packet was just what was read.
  Status ended(Kind kind) const {
    const auto number = static_cast<std::uint32_t>(kind);
    if (short_) return fail(Code::kDataLoss, "a frame of kind {} ends too early", number);
    if (unknown_) return fail(Code::kDataLoss, "a frame of kind {} has a status that there is not", number);
    if (!rest_.empty()) return fail(Code::kDataLoss, "a frame of kind {} is too long", number);
    return {};
  }

 private:
  std::span<const std::byte> rest_;
  bool short_ = false, unknown_ = false;
};

// Each frame's fields, once for both directions.
template <class Stream, class Chip>
void chip_fields(Stream& stream, Chip& chip) {
  stream.text(chip.name);
  stream.field(chip.digest);
  bool u8 = chip.tensor.u8.has_value(), f32 = chip.tensor.f32.has_value();
  stream.field(u8);
  stream.field(f32);
  auto copy = chip;  // the rows give places to write to, also where they are only read
  if (u8 && !copy.tensor.u8) copy.tensor.u8.emplace();
  if (f32 && !copy.tensor.f32) copy.tensor.f32.emplace();
  for (const isa::SpecNumberRow& row : isa::spec_numbers()) {
    if (row.section == "tensor.u8" && !u8) continue;
    if (row.section == "tensor.f32" && !f32) continue;
    row.whole != nullptr ? stream.field(row.whole(copy)) : stream.field(row.real(copy));
  }
  for (const isa::SpecSwitchRow& row : isa::spec_switches()) stream.field(row.place(copy));
  if constexpr (!std::is_const_v<Chip>) chip = std::move(copy);
}

template <class Stream, class Frame>
void fields(Stream& stream, Frame& frame) {
  using Plain = std::remove_const_t<Frame>;
  if constexpr (std::is_same_v<Plain, OpenFrame>) {
    chip_fields(stream, frame.chip);
    stream.field(frame.cores);
    stream.field(frame.fence);
    stream.field(frame.queue_capacity);
    stream.field(frame.shared_bytes);
    stream.field(frame.threads);
    stream.field(frame.batch_delay_us);
    stream.field(frame.nice);
    stream.list(frame.host_cores);
  } else if constexpr (std::is_same_v<Plain, LoadFrame>) {
    stream.field(frame.id);
    stream.field(frame.digest);
  } else if constexpr (std::is_same_v<Plain, UnloadFrame>) {
    stream.field(frame.id);
  } else if constexpr (std::is_same_v<Plain, RunFrame>) {
    stream.field(frame.request);
    stream.field(frame.loaded);
    stream.field(frame.batch);
    stream.field(frame.fence);
    stream.field(frame.deadline_ns);
    stream.list(frame.inputs);
    stream.list(frame.outputs);
    stream.list(frame.arguments);
  } else if constexpr (std::is_same_v<Plain, LoadedFrame>) {
    stream.field(frame.id);
    stream.status(frame.status);
  } else if constexpr (std::is_same_v<Plain, DoneFrame>) {
    stream.field(frame.request);
    stream.status(frame.status);
    stream.field(frame.cost);
  }
}

template <class Frame>
constexpr Kind kKind = Kind::kClose;
template <>
constexpr Kind kKind<OpenFrame> = Kind::kOpen;
template <>
constexpr Kind kKind<LoadFrame> = Kind::kLoad;
template <>
constexpr Kind kKind<UnloadFrame> = Kind::kUnload;
template <>
constexpr Kind kKind<RunFrame> = Kind::kRun;
template <>
constexpr Kind kKind<OpenedFrame> = Kind::kOpened;
template <>
constexpr Kind kKind<LoadedFrame> = Kind::kLoaded;
template <>
constexpr Kind kKind<DoneFrame> = Kind::kDone;

}  // namespace

template <class Frame>
std::vector<std::byte> encode(const Frame& frame) {
  Writer writer(kKind<Frame>);
  fields(writer, frame);
  return writer.take();
}

Result<Kind> kind_of(std::span<const std::byte> packet) {
  Head head;
  if (packet.size() < sizeof(head))
    return fail(Code::kDataLoss, "a packet of {} bytes is no frame", packet.size());
  std::memcpy(&head, packet.data(), sizeof(head));
  if (head.magic != kMagic)
    return fail(Code::kDataLoss, "a packet that begins {:08x} is no frame", head.magic);
  if (head.kind < 1 || head.kind > static_cast<std::uint32_t>(kLastKind))
    return fail(Code::kDataLoss, "there is no frame of kind {}", head.kind);
  return static_cast<Kind>(head.kind);
}

template <class Frame>
Result<Frame> decode(std::span<const std::byte> packet) {
  TRY_ASSIGN(const Kind kind, kind_of(packet));
  if (kind != kKind<Frame>)
    return fail(Code::kDataLoss, "a frame of kind {} came where one of kind {} was due",
                static_cast<std::uint32_t>(kind), static_cast<std::uint32_t>(kKind<Frame>));
  Frame frame;
  Reader reader(packet.subspan(sizeof(Head)));
  fields(reader, frame);
  TRY(reader.ended(kind));
  return frame;
}

template std::vector<std::byte> encode(const OpenFrame&);
template std::vector<std::byte> encode(const LoadFrame&);
template std::vector<std::byte> encode(const UnloadFrame&);
template std::vector<std::byte> encode(const RunFrame&);
template std::vector<std::byte> encode(const CloseFrame&);
template std::vector<std::byte> encode(const OpenedFrame&);
template std::vector<std::byte> encode(const LoadedFrame&);
template std::vector<std::byte> encode(const DoneFrame&);
template Result<OpenFrame> decode(std::span<const std::byte>);
template Result<LoadFrame> decode(std::span<const std::byte>);
template Result<UnloadFrame> decode(std::span<const std::byte>);
template Result<RunFrame> decode(std::span<const std::byte>);
template Result<CloseFrame> decode(std::span<const std::byte>);
template Result<OpenedFrame> decode(std::span<const std::byte>);
template Result<LoadedFrame> decode(std::span<const std::byte>);
template Result<DoneFrame> decode(std::span<const std::byte>);

}  // namespace chengying::runtime::worker
