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
class RunColumns;
class RunsModel;

// The runs as a table to sort, filter and choose from. What is to be done with them is asked for by
// signals.
class RunsTable : public QWidget {
    Q_OBJECT
public:
    explicit RunsTable(QWidget* parent = nullptr);
    ~RunsTable() override;

    void show(const std::vector<RunSummary>& runs);
    using QWidget::show;
    // Shows the table as it was left the last time, whatever store it was of, and what was drawn
    // of the runs of this one; from now on that is kept.
    void keepFor(const QString& store);
    // What else can be done with a run: stands first in the runs' menu. How many runs it needs.
    void addBridge(QAction* action, int runs);
    std::vector<std::int64_t> plotted() const;  // whose curves are drawn, newest first
    void plot(std::int64_t run);                // draws its curves, too
    std::int64_t baseline() const;              // that the others are compared with; 0: none
    QString groupOf(std::int64_t run) const;    // as they are grouped now; empty: they are not
    const RunSummary* find(std::int64_t run) const;
    std::vector<std::int64_t> selected() const;  // in the table's order
    void select(std::int64_t run);
    std::vector<Run> chosen() const;  // the same
    // All that can be done with the selected runs, for menus; each is enabled when it fits them.
    QList<QAction*> runActions() const { return actions_; }
    QList<QAction*> dailyActions() const;  // those of them that a tool bar has room for

Q_SIGNALS:
    void selectionChanged(const std::vector<std::int64_t>& runs);
    void plottedChanged();  // or the baseline, or their groups
    void nameTyped(const lvr::Run& run, const QString& name);
    void tagsTyped(const lvr::Run& run, const QStringList& tags);
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
    void separate();
    void updateActions();
    void tellSelection();
    void keepPlotted();
    void editCell(int column);  // of the first selected run
    void rename();
    void editTags();
    void togglePlotted();
    void plotOnlyThese();
    void plotAll();
    void pinBaseline();
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
    RunColumns* columns_ = nullptr;
    QString store_;                                  // whose choices are kept; empty: none
    std::vector<std::pair<QAction*, int>> bridges_;  // and how many runs each needs
    QList<QAction*> actions_;
    std::vector<std::int64_t> told_;  // the selection
    // Rows move while the selection says that it changes: it is told once they are still.
    QTimer tellSoon_;
    QAction *stop_ = nullptr, *kill_ = nullptr, *pause_ = nullptr, *resume_ = nullptr,
            *delete_ = nullptr, *folder_ = nullptr, *copy_ = nullptr, *compare_ = nullptr,
            *rename_ = nullptr, *tags_ = nullptr, *plot_ = nullptr, *plotOnly_ = nullptr,
            *plotAll_ = nullptr, *pin_ = nullptr;
};

}  // namespace lvr
