#pragma once

#include <QString>
#include <array>
#include <optional>

namespace lvr {

enum class WorkspaceId { Ask, Train, Rollouts, Compare };
inline constexpr std::array kWorkspaces = {WorkspaceId::Ask, WorkspaceId::Train,
                                           WorkspaceId::Rollouts, WorkspaceId::Compare};

QString titleOf(WorkspaceId id);  // "Train": for a person
QString nameOf(WorkspaceId id);   // "train": on the command line, in sessions and layouts
std::optional<WorkspaceId> workspaceNamed(const QString& name);

}  // namespace lvr
