#pragma once

#include <QTimer>
#include <QWidget>
#include <functional>
#include <map>
#include <vector>

#include "core/values/run.h"

class QAction;
class QLineEdit;
class QComboBox;
class QTableView;

namespace lvr {

class GroupedRuns;
class RunsModel;

// The runs as a table to sort, filter and choose from. What is to be done with them is asked for by
// signals.
class RunsTable : public QWidget {
    Q_OBJECT
public:
    explicit RunsTable(QWidget* parent = nullptr);

    void show(const std::vector<RunSummary>& runs);
    using QWidget::show;
    void setColours(
        const std::map<std::int64_t, int>& colourSlots);  // of the runs that have curves
    const RunSummary* find(std::int64_t run) const;
    std::vector<std::int64_t> selected() const;  // in the table's order
    void select(std::int64_t run);
    // Stop, Pause, Resume, Delete…, Open folder, Copy command line, Compare: for menus and tool
    // bars. Each is enabled when it fits the selection.
    QList<QAction*> runActions() const { return actions_; }

Q_SIGNALS:
    void selectionChanged(const std::vector<std::int64_t>& runs);
    void stopRequested(const lvr::Run& run);
    void killRequested(const lvr::Run& run);  // after asking
    void pauseRequested(const lvr::Run& run);
    void unpauseRequested(const lvr::Run& run);
    void resumeRequested(const lvr::Run& run);
    void deleteRequested(const lvr::Run& run);  // after asking
    void folderRequested(const QString& folder);

protected:
    void changeEvent(QEvent* event) override;

private:
    void build();
    void buildHead();
    void makeActions();
    void group();
    void joinGroups();
    QAction* add(const QString& name, const QString& text, const QString& toolTip,
                 void (RunsTable::*act)());
    void updateActions();
    void tellSelection();
    std::vector<Run> chosen() const;

    void stop();
    void pause();
    void askToKill();
    void resume();
    void askToDelete();
    void ask(const QString& question, const QString& detail, const QString& yes,
             const std::function<void()>& act);
    void openFolder();
    void copyCommand();
    void compare();

    RunsModel* model_;
    GroupedRuns* sorted_;
    QLineEdit* filter_;
    QComboBox* grouping_;
    QTableView* table_;
    QList<QAction*> actions_;
    std::vector<std::int64_t> told_;  // the selection
    // Rows move while the selection says that it changes: it is told once they are still.
    QTimer tellSoon_;
    QAction *stop_ = nullptr, *kill_ = nullptr, *pause_ = nullptr, *resume_ = nullptr,
            *delete_ = nullptr, *folder_ = nullptr, *copy_ = nullptr, *compare_ = nullptr;
};

}  // namespace lvr
