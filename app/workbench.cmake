# The window. It is built without torch, against the abstract engine, so that its tests need no
# model; only the program itself adds the real one.
find_package(Qt6 6.4 REQUIRED COMPONENTS DBus)
add_library(lvr_window STATIC
    ask_panel.cpp
    file_jobs.cpp
    given_files.cpp
    icons.cpp
    inference_worker.cpp
    main_window.cpp
    open_model_dialog.cpp
    picture_panel.cpp
    start_script.cpp
    theme.cpp
    trace_summary.cpp
    window_actions.cpp
)
set_target_properties(lvr_window PROPERTIES AUTOMOC ON)
target_compile_definitions(lvr_window PUBLIC QT_NO_KEYWORDS)
target_link_libraries(lvr_window PUBLIC lvr_options lvr_values lvr_widgets Qt6::Widgets
                      PRIVATE lvr_vision lvr_checkpoint Qt6::DBus)

add_executable(lvr-workbench workbench_main.cpp lvr_engine.cpp tiny_model.cpp
               ${CMAKE_SOURCE_DIR}/resources/workbench.qrc)
set_target_properties(lvr-workbench PROPERTIES AUTORCC ON)
target_compile_definitions(lvr-workbench PRIVATE QT_NO_KEYWORDS LVR_VERSION="${PROJECT_VERSION}"
                           LVR_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
target_link_libraries(lvr-workbench PRIVATE lvr_window lvr_core lvr_datasets)

install(TARGETS lvr-workbench RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${CMAKE_SOURCE_DIR}/resources/lvr-workbench.desktop
        DESTINATION ${CMAKE_INSTALL_DATADIR}/applications)
install(FILES ${CMAKE_SOURCE_DIR}/resources/lvr-workbench.svg
        DESTINATION ${CMAKE_INSTALL_DATADIR}/icons/hicolor/scalable/apps)
