# Lets `node-gyp rebuild` work in a checkout by running the one true build, CMake's. Not published: with this file in a package npm
# would run node-gyp when somebody installs it.
{
  "targets": [
    {
      "target_name": "boltzkit",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake",
          "inputs": ["CMakeLists.txt"],
          # Never written, so that make always asks CMake what is out of date.
          "outputs": ["<(module_root_dir)/build/.always"],
          "action": ["node", "<(module_root_dir)/scripts/build-native.mjs", "--verbose"]
        }
      ]
    }
  ]
}
