#include "core/train/train_state.h"

#include "core/checkpoint/safetensors.h"
#include "core/error.h"
#include "core/torch.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFile = "train_state.safetensors";

constexpr std::array<std::pair<torch::ScalarType, DType>, 4> kTypes{{{torch::kFloat32, DType::F32},
                                                                     {torch::kFloat64, DType::F64},
                                                                     {torch::kInt64, DType::I64},
                                                                     {torch::kUInt8, DType::U8}}};

DType toDType(torch::ScalarType type) {
    for (const auto& [ours, stored] : kTypes)
        if (ours == type) return stored;
    TORCH_CHECK(false, "a training's state holds no ", type);
}

torch::ScalarType toScalarType(DType type) {
    for (const auto& [ours, stored] : kTypes)
        if (stored == type) return ours;
    throw Error(std::string(kFile) + " holds a tensor of type " + std::string(toText(type)) +
                "; it was not written by this program");
}

template <class Map>
const auto& at(const Map& map, const std::string& name) {
    const auto found = map.find(name);
    if (found == map.end())
        throw Error(std::string(kFile) + " has no \"" + name +
                    "\"; it is of another version, start the training anew");
    return found->second;
}

}  // namespace

const torch::Tensor& TrainState::tensor(const std::string& name) const { return at(tensors, name); }
const std::string& TrainState::textOf(const std::string& name) const { return at(text, name); }

void TrainState::write(const fs::path& folder) const {
    std::vector<torch::Tensor> kept;  // contiguous, as long as they are written
    std::vector<TensorBytes> bytes;
    for (const auto& [name, tensor] : tensors) {
        kept.push_back(tensor.detach().contiguous());
        bytes.push_back(
            {name, toDType(tensor.scalar_type()), tensor.sizes().vec(), kept.back().data_ptr()});
    }
    writeSafetensors(folder / kFile, bytes, text);
}

std::optional<TrainState> TrainState::read(const fs::path& folder) {
    if (!fs::exists(folder / kFile)) return std::nullopt;
    const auto file = SafetensorsFile::open(folder / kFile);
    TrainState state{{}, file.metadata()};
    for (const auto& [name, view] : file.tensors())
        state.tensors[name] = torch::from_blob(const_cast<std::byte*>(view.data), view.shape,
                                               torch::dtype(toScalarType(view.dtype)))
                                  .clone();
    return state;
}

}  // namespace lvr
