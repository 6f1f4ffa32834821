#include "core/train/train_state.h"

#include <sstream>

#include "core/error.h"
#include "core/files/safetensors.h"
#include "core/model/dtype.h"
#include "core/torch.h"

namespace lvr {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFile = "train_state.safetensors";

template <class Map>
const auto& at(const Map& map, const std::string& name) {
    const auto found = map.find(name);
    if (found == map.end())
        throw Error(std::string(kFile) + " has no \"" + name +
                    "\"; it is of another version, start the training anew");
    return found->second;
}

std::string described(const torch::Tensor& tensor) {
    return (std::ostringstream() << tensor.scalar_type() << " " << tensor.sizes()).str();
}

// Keeps the mapping alive.
torch::Tensor viewOf(const TensorView& view) {
    return torch::from_blob(
        const_cast<std::byte*>(view.data), view.shape, [owner = view.owner](void*) {},
        torch::dtype(memoryType(view.dtype)));
}

}  // namespace

const torch::Tensor& TrainState::tensor(const std::string& name) const {
    askedFor_.insert(name);
    return at(tensors, name);
}
const std::string& TrainState::textOf(const std::string& name) const { return at(text, name); }

void TrainState::copyInto(torch::Tensor to, const std::string& name) const {
    const auto& from = tensor(name);
    if (from.scalar_type() != to.scalar_type() || from.sizes() != to.sizes())
        throw Error(std::string(kFile) + " has \"" + name + "\" as " + described(from) +
                    " and this training as " + described(to) +
                    "; it is of a training with other options");
    to.copy_(from);
}

void TrainState::checkAllWasAskedFor() const {
    for (const auto& [name, tensor] : tensors)
        if (!askedFor_.contains(name))
            throw Error(std::string(kFile) + " holds \"" + name +
                        "\", which this training has no use for; it is of a training with other "
                        "options");
}

// No more than one is on the CPU or made contiguous at a time.
void TrainState::write(const fs::path& folder) const {
    std::vector<TensorHeader> headers;
    for (const auto& [name, tensor] : tensors)
        headers.push_back({name, storedType(tensor.scalar_type()), tensor.sizes().vec()});
    const auto give = [&](const TensorHeader& header, const WriteBytes& write) {
        const auto here = tensors.at(header.name).detach().to(torch::kCPU).contiguous();
        write({static_cast<const std::byte*>(here.data_ptr()), here.nbytes()});
    };
    streamSafetensors(folder / kFile, std::move(headers), give, text);
}

std::optional<TrainState> TrainState::read(const fs::path& folder) {
    if (!fs::exists(folder / kFile)) return std::nullopt;
    const auto file = SafetensorsFile::open(folder / kFile);
    TrainState state;
    state.text = file.metadata();
    for (const auto& [name, view] : file.tensors()) state.tensors[name] = viewOf(view);
    return state;
}

void moveState(const fs::path& from, const fs::path& to) {
    try {
        fs::create_directories(to);
        fs::rename(from / kFile, to / kFile);
    } catch (const fs::filesystem_error& e) {
        throw Error("cannot move " + (from / kFile).string() + " to " + to.string() + ": " +
                    e.code().message());
    }
}

}  // namespace lvr
